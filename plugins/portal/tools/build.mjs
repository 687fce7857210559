// Builds both pages into dist/. Fails on a fault in the dictionaries, on anything inline that the content security policy
// would stop, and on an asset that the relay would not serve.
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, extname, join, relative} from 'node:path';
import {fileURLToPath} from 'node:url';
import {build} from 'vite';

import {inline, styled} from './inline.mjs';
import {ofTree, sources} from './texts.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kServed = ['.html', '.js', '.css'];

function stop(faults) {
  if (faults.length === 0) return;
  console.error(faults.map((fault) => `portal: ${fault}`).join('\n'));
  process.exit(1);
}

stop([...ofTree(root), ...sources(join(root, 'src')).flatMap(styled)]);
rmSync(join(root, 'dist'), {recursive: true, force: true});
for (const page of ['desktop', 'console']) {
  process.env.PAGE = page;
  await build({configFile: join(root, 'vite.config.ts'), logLevel: 'warn'});
}
const files = readdirSync(join(root, 'dist'), {recursive: true, withFileTypes: true})
  .filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
stop(files.filter((file) => !kServed.includes(extname(file))).map((file) => `${relative(root, file)} has a type that is not served`));
stop(files.filter((file) => file.endsWith('.html')).flatMap((file) => inline(readFileSync(file, 'utf8')).map((what) => `${relative(root, file)}: ${what}`)));
writeFileSync(join(root, 'dist', 'LICENCES.txt'), ['@novnc/novnc', 'svelte', '@digital-go-jp/design-tokens'].map((name) => {
  const folder = join(root, 'node_modules', name);
  const {version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  return `${name} ${version} (${license})\n\n${text ? readFileSync(join(folder, text), 'utf8') : ''}`;
}).join('\n\n----\n\n'));
console.log(`portal: ${files.length} files in dist/`);
