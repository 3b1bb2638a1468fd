# SPDX-License-Identifier: GPL-3.0-or-later
# Debian packages by CPack: qeaas (command line and feeders), qeaasd (server), qeaas-provider (OpenSSL). Configure with
# -DCMAKE_INSTALL_PREFIX=/usr, then run cpack in the build folder; tests/packages/run does both and tries them.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME qeaas)
set(CPACK_PACKAGE_VENDOR qeaas)
set(CPACK_PACKAGE_CONTACT "the maintainers of qeaas <root@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Quantum entropy as a service")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_SET_DESTDIR ON)  # the units name the place where they will be, not the one where they are packed
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL qeaas qeaasd)
if(TARGET qeaas-provider)
  list(APPEND CPACK_COMPONENTS_ALL provider)
endif()
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(qeaas_scripts ${CMAKE_SOURCE_DIR}/deploy/debian)
set(CPACK_DEBIAN_QEAAS_PACKAGE_NAME qeaas)
set(CPACK_DEBIAN_QEAAS_DESCRIPTION "quantum entropy as a service: command line and kernel feeder
 Fetches random bytes of quantum and physical sources over post-quantum DTLS 1.3, and feeds the kernel's entropy pool with them.")
set(CPACK_DEBIAN_QEAAS_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_QEAAS_PACKAGE_CONTROL_EXTRA ${qeaas_scripts}/qeaas/postinst ${qeaas_scripts}/qeaas/prerm ${qeaas_scripts}/qeaas/postrm)

set(CPACK_DEBIAN_QEAASD_PACKAGE_NAME qeaasd)
set(CPACK_DEBIAN_QEAASD_DESCRIPTION "quantum entropy as a service: the server
 Tests and conditions the output of quantum and physical generators, and serves it over CoAP on DTLS 1.3, HTTPS and a local socket.")
set(CPACK_DEBIAN_QEAASD_PACKAGE_DEPENDS "qeaas (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_QEAASD_PACKAGE_CONTROL_EXTRA ${qeaas_scripts}/qeaasd/postinst ${qeaas_scripts}/qeaasd/prerm ${qeaas_scripts}/qeaasd/postrm)

set(CPACK_DEBIAN_PROVIDER_PACKAGE_NAME qeaas-provider)
set(CPACK_DEBIAN_PROVIDER_DESCRIPTION "quantum entropy as a service: provider for OpenSSL 3
 Seeds OpenSSL's generators from a qeaas service, or replaces them. Does nothing until openssl.cnf names it.")
set(CPACK_DEBIAN_PROVIDER_PACKAGE_RECOMMENDS "qeaas (= ${PROJECT_VERSION})")
include(CPack)
