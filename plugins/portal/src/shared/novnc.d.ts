// What the pages use of noVNC 1.7 (core/rfb.js).
declare module '@novnc/novnc' {
  interface Options {
    shared?: boolean;
    wsProtocols?: string[];
  }
  export default class RFB extends EventTarget {
    static messages: {
      clientEncodings(sock: unknown, encodings: number[]): void;
      clientCutText(...args: unknown[]): void;
      extendedClipboardProvide(...args: unknown[]): void;
      extendedClipboardNotify(...args: unknown[]): void;
      extendedClipboardRequest(...args: unknown[]): void;
      extendedClipboardCaps(...args: unknown[]): void;
    };
    constructor(target: Element, channel: WebSocket, options?: Options);
    viewOnly: boolean;
    scaleViewport: boolean;
    resizeSession: boolean;
    background: string;
    disconnect(): void;
    sendKey(keysym: number, code: string | null | undefined, down?: boolean): void;
    sendCtrlAltDel(): void;
    focus(options?: FocusOptions): void;
    blur(): void;
  }
}
