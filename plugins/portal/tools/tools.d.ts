declare module '*/texts.mjs' {
  export function faults(ja: Record<string, string>, en: Record<string, string>, sources: string[]): string[];
  export function ofTree(root: string): string[];
  export function sources(folder: string): string[];
}
declare module '*/fake/server.mjs' {
  export class FakeGate {
    constructor(dist: string, machines: Record<string, unknown>);
    readonly password: string;
    listen(port?: number): Promise<string>;
    stop(): Promise<void>;
  }
}
declare module '*/inline.mjs' {
  export function inline(html: string): string[];
  export function styled(source: string): string[];
}
