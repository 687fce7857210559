// Reads along what a viewer says to its screen (RFB 3.8, client to server), in any pieces.

const kLengths = {0: 20, 3: 10, 4: 8, 5: 6, 150: 10};

export class Tap {
  constructor() {
    this.rest = Buffer.alloc(0);
    this.greeting = 12 + 1 + 1; // version, security type, shared
    this.encodings = [];
    this.keys = []; // {down, keysym, scan}: scan 0 where the viewer sent none
    this.sizes = 0;
    this.cutTexts = 0;
    this.odd = [];
  }

  feed(bytes) {
    this.rest = Buffer.concat([this.rest, bytes]);
    if (this.greeting > 0) {
      const taken = Math.min(this.greeting, this.rest.length);
      this.greeting -= taken;
      this.rest = this.rest.subarray(taken);
    }
    while (this.rest.length > 0 && this.odd.length === 0) {
      const length = this.lengthOf();
      if (length === 0 || this.rest.length < length) return;
      this.take(this.rest.subarray(0, length));
      this.rest = this.rest.subarray(length);
    }
  }

  /// 0: more bytes are needed to know.
  lengthOf() {
    const b = this.rest;
    const type = b[0];
    if (type in kLengths) return kLengths[type];
    if (type === 2) return b.length < 4 ? 0 : 4 + 4 * b.readUInt16BE(2);
    if (type === 6) return b.length < 8 ? 0 : 8 + Math.abs(b.readInt32BE(4));
    if (type === 248) return b.length < 9 ? 0 : 9 + b[8];
    if (type === 251) return b.length < 8 ? 0 : 8 + 16 * b[6];
    if (type === 255) return b.length < 2 ? 0 : b[1] === 0 ? 12 : 4;
    this.odd.push(type);
    return 0;
  }

  take(m) {
    if (m[0] === 2) this.encodings = Array.from({length: m.readUInt16BE(2)}, (_, i) => m.readInt32BE(4 + 4 * i));
    if (m[0] === 4) this.keys.push({down: m[1] !== 0, keysym: m.readUInt32BE(4), scan: 0});
    if (m[0] === 6) this.cutTexts += 1;
    if (m[0] === 251) this.sizes += 1;
    if (m[0] === 255 && m[1] === 0) this.keys.push({down: m.readUInt16BE(2) !== 0, keysym: m.readUInt32BE(4), scan: m.readUInt32BE(8)});
  }
}
