// `npm run fake`: the pages against real screens, to look at by hand. Ends with Ctrl-C.
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {Machine, tidy} from './machine.mjs';
import {kScreens} from './screens.mjs';
import {FakeGate} from './server.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
tidy();
const machines = Object.fromEntries(Object.entries(kScreens).map(([name, screen]) => [name, new Machine(name, screen)]));
await Promise.all(Object.values(machines).map((machine) => machine.ready()));
const gate = new FakeGate(join(root, 'dist'), machines);
const origin = await gate.listen(Number(process.env.PORT ?? 0));
console.log(`${origin}/desktop/  ${origin}/console/  (password: ${gate.password})`);
process.on('SIGINT', async () => {
  await gate.stop();
  await Promise.all(Object.values(machines).map((machine) => machine.stop()));
});
