// What the guests of the tests show.
const blank = (count) => Array.from({length: count}, () => '');
const centred = (text) => ' '.repeat(Math.floor((80 - text.length) / 2)) + text;

export const kScreens = {
  desktop: {
    colour: 0x10 | 0x07, row: 12, column: 31,
    lines: [...blank(5), '!' + centred('vdi-07'), centred('Prefectural remote maintenance desktop'), '',
      centred('+------------------------------------+'), centred('|  Log in with the account shown in  |'),
      centred('|  the panel beside this screen.     |'), centred('|                                    |'),
      centred('|  login:                            |'), centred('|                                    |'),
      centred('+------------------------------------+')],
  },
  'web-01': {
    colour: 0x07, row: 6, column: 14,
    lines: ['Booting from Hard Disk...', '[    0.412233] systemd[1]: Detected virtualization kvm.',
      '[    1.871102] systemd[1]: Started nginx.service - public web 1.', '', '!web-01  Debian GNU/Linux 12', '', 'web-01 login: '],
  },
  'web-02': {
    colour: 0x07, row: 4, column: 14,
    lines: ['[    1.770214] systemd[1]: Started nginx.service - public web 2.', '', '!web-02  Debian GNU/Linux 12', '', 'web-02 login: '],
  },
};
