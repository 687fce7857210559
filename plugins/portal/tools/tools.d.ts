declare module '*/texts.mjs' {
  export function faults(ja: Record<string, string>, en: Record<string, string>, sources: string[]): string[];
  export function ofTree(root: string): string[];
  export function sources(folder: string): string[];
}
declare module '*/inline.mjs' {
  export function inline(html: string): string[];
  export function styled(source: string): string[];
}
