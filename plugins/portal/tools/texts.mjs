// Holds the two dictionaries against each other and against what the sources say. Run by every build and by a test.
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

const places = (text) => [...text.matchAll(/\{([a-z]+)\}/g)].map((m) => m[1]).sort().join();

/// Sentences about what is wrong; none when all is well. `sources`: the text of every file that may use a key.
export function faults(ja, en, sources) {
  const out = [];
  for (const [name, own, other] of [['ja', ja, en], ['en', en, ja]]) {
    for (const [key, text] of Object.entries(own)) {
      if (typeof text !== 'string' || text.trim() === '') out.push(`${name}: ${key} is empty`);
      if (!(key in other)) out.push(`${key} is in ${name} alone`);
    }
  }
  for (const key of Object.keys(ja)) {
    if (key in en && places(ja[key]) !== places(en[key])) out.push(`${key}: the places differ: {${places(ja[key])}} {${places(en[key])}}`);
    const words = ja[key].replace(/\{[a-z]+\}/g, '');
    if (/\p{L}/u.test(words) && !/[\u3040-\u30ff\u4e00-\u9fff]/.test(words) && ja[key] !== en[key]) out.push(`ja: ${key} has no Japanese in it`);
    if (/[\u3040-\u309f]/.test(en[key] ?? '') && !key.startsWith('keyboard.')) out.push(`en: ${key} has Japanese in it`);
  }
  const all = sources.join('\n');
  // `prefix.${…}` uses every key of that prefix.
  const prefixes = [...all.matchAll(/[`'"]([a-z.]+\.)\$\{/g)].map((m) => m[1]);
  for (const key of Object.keys(ja)) {
    const used = all.includes(`'${key}'`) || prefixes.some((prefix) => key.startsWith(prefix));
    if (!used) out.push(`${key} is used nowhere`);
  }
  for (const [, key] of all.matchAll(/\bt\('([^']+)'/g)) if (!(key in ja)) out.push(`${key} is used and in no dictionary`);
  return [...new Set(out)];
}

export function sources(folder) {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((each) => each.isFile() && /\.(ts|svelte)$/.test(each.name) && !each.name.endsWith('.test.ts'))
    .map((each) => readFileSync(join(each.parentPath, each.name), 'utf8'));
}

export function ofTree(root) {
  const read = (language) => JSON.parse(readFileSync(join(root, 'src/shared/texts', `${language}.json`), 'utf8'));
  return faults(read('ja'), read('en'), sources(join(root, 'src')));
}
