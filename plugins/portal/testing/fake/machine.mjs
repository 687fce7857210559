// A real guest with a real screen: QEMU, booting a sector that shows 80 x 25 characters and types what is typed. Its RFB server
// listens on a socket file; QEMU writes down which keys its keyboard received.
import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {connect} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

const kWidth = 80;
const kHeight = 25;

/// Sixteen-bit code: text mode, read 8 sectors, copy them to the screen, place the cursor, echo keys for ever.
function bootSector(row, column) {
  const code = Buffer.from(
    '31c08ed88ec08ed0bc007c' + // segments 0, stack below 7c00
    'b80300cd10' + // 80 x 25 text
    'bb0080b80802b90200b600cd13' + // sectors 2-9 of the boot drive to 0000:8000
    'b800b88ec0be008031ffb9d007fcf3a5' + // 2,000 cells to b800:0000
    `b40230ffba${Buffer.from([column, row]).toString('hex')}cd10` + // cursor
    'b400cd16b40e30ffcd10ebf4', // wait for a key, show it, again
    'hex',
  );
  const sector = Buffer.alloc(512);
  code.copy(sector);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/// `lines`: what stands there; `colour`: the VGA attribute of the ground; a line that begins with "!" is bright.
export function disk({lines, colour, row, column}) {
  const cells = Buffer.alloc(8 * 512);
  for (let y = 0; y < kHeight; y += 1) {
    const line = lines[y] ?? '';
    const bright = line.startsWith('!');
    const text = (bright ? line.slice(1) : line).padEnd(kWidth).slice(0, kWidth);
    for (let x = 0; x < kWidth; x += 1) cells.writeUInt16LE(((bright ? colour | 0x0f : colour) << 8) | text.charCodeAt(x), (y * kWidth + x) * 2);
  }
  return Buffer.concat([bootSector(row, column), cells, Buffer.alloc(1_474_560 - 9 * 512)]);
}

const kFolder = 'sekisho-page-guest-';

/// What a killed run left: folders whose process is gone. Its guests died with it (setpriv).
export function tidy() {
  for (const name of readdirSync(tmpdir())) {
    const pid = name.startsWith(kFolder) ? /^\d+/.exec(name.slice(kFolder.length))?.[0] : undefined;
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(tmpdir(), name), {recursive: true, force: true});
  }
}

export class Machine {
  constructor(name, screen) {
    this.folder = mkdtempSync(join(tmpdir(), `${kFolder}${process.pid}-${name}-`));
    this.rfb = join(this.folder, 'rfb');
    this.monitor = join(this.folder, 'qmp');
    this.keys = join(this.folder, 'keys');
    const image = join(this.folder, 'disk');
    writeFileSync(image, disk(screen));
    this.process = spawn('setpriv', [
      '--pdeathsig', 'KILL', 'qemu-system-x86_64',
      '-name', name, '-machine', 'pc,accel=tcg', '-m', '16', '-nodefaults', '-vga', 'std', '-no-user-config',
      '-drive', `file=${image},format=raw,if=ide`, '-vnc', `unix:${this.rfb},share=ignore`,
      '-qmp', `unix:${this.monitor},server=on,wait=off`, '-trace', 'input_event_key_qcode', '-D', this.keys,
    ], {stdio: ['ignore', 'ignore', 'pipe']});
    this.errors = '';
    this.process.stderr.on('data', (said) => (this.errors += said));
  }

  async ready() {
    for (let i = 0; i < 200; i += 1) {
      if (this.process.exitCode !== null) throw new Error(`qemu ended: ${this.errors}`);
      if (existsSync(this.rfb) && existsSync(this.monitor)) return;
      await sleep(50);
    }
    throw new Error(`qemu did not start: ${this.errors}`);
  }

  /// Names of the keys that went down, in order, as QEMU calls them.
  keysDown() {
    const text = existsSync(this.keys) ? readFileSync(this.keys, 'utf8') : '';
    return [...text.matchAll(/key qcode ([^ ,]+), down 1/g)].map((m) => m[1]);
  }

  /// The screen as PNG, through the machine's own monitor.
  async picture() {
    const file = join(this.folder, `picture-${process.hrtime.bigint()}.png`);
    await new Promise((resolve, reject) => {
      const line = connect(this.monitor);
      let text = '';
      line.on('error', reject);
      line.on('connect', () => line.write('{"execute":"qmp_capabilities"}\n' +
        `${JSON.stringify({execute: 'screendump', arguments: {filename: file, format: 'png'}, id: 'p'})}\n`));
      line.on('data', (said) => {
        text += said;
        const answer = text.split('\n').find((each) => each.includes('"id": "p"'));
        if (!answer) return;
        line.end();
        if (answer.includes('"error"')) reject(new Error(answer));
        else resolve();
      });
    });
    const out = readFileSync(file);
    rmSync(file);
    return out;
  }

  async stop() {
    if (this.process.exitCode === null) {
      const ended = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, {recursive: true, force: true});
  }
}
