#include <qeaas/entropy.h>
#include <zephyr/ztest.h>
ZTEST_SUITE(boot, nullptr, nullptr, nullptr, nullptr, nullptr);
ZTEST(boot, test_x) {}
