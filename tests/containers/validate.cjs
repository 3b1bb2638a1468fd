// SPDX-License-Identifier: GPL-3.0-or-later
// validate.cjs OUT IN...: runs the validators on every document, and writes OUT, a TypeScript file that has each as a literal of its type.
const fs = require('fs');
const yaml = require('js-yaml');

const lines = [];
let wrong = 0;
let seen = 0;
for (const file of process.argv.slice(3)) {
  for (const document of yaml.loadAll(fs.readFileSync(file, 'utf8'))) {
    const name = `${file.split('/').pop()}: ${document.kind} ${document.metadata.name}`;
    const [group, release] = document.apiVersion.includes('/') ? document.apiVersion.split('/') : ['', document.apiVersion];
    const place = `kubernetes-models/${group ? group + '/' : ''}${release}/${document.kind}`;
    const Model = require(place)[document.kind];
    try {
      new Model(document).validate();
      console.log(`ok ${name}`);
    } catch (error) {
      wrong += 1;
      console.error(`${name}: ${error.message}`);
    }
    seen += 1;
    lines.push(`import type {I${document.kind} as T${seen}} from '${place}';`);
    lines.push(`export const d${seen}: T${seen} = ${JSON.stringify(document, null, 1)};  // ${name}`);
  }
}
fs.writeFileSync(process.argv[2], lines.join('\n') + '\n');
process.exit(wrong || !seen ? 1 : 0);
