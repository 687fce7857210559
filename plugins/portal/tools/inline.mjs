/// What of an HTML page a policy without 'unsafe-inline' stops, or what comes from elsewhere.
export function inline(html) {
  const out = [];
  for (const [whole, attributes, body] of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)) {
    if (!/\bsrc\s*=/.test(attributes) || body.trim() !== '') out.push(`inline script: ${whole.slice(0, 60)}`);
  }
  if (/<style\b/i.test(html)) out.push('inline style sheet');
  for (const [whole] of html.matchAll(/<[^>]*\s(?:style|on[a-z]+)\s*=[^>]*>/gi)) out.push(`inline attribute: ${whole.slice(0, 60)}`);
  for (const [, url] of html.matchAll(/\b(?:src|href)\s*=\s*"([^"]*)"/gi)) {
    if (!url.startsWith('./') && url !== 'data:,') out.push(`not of this folder: ${url}`);
  }
  return out;
}

/// What of a component would become a style attribute. `style:` and class are fine: they go through the object model.
export function styled(source) {
  return [...source.matchAll(/<[a-z][^>]*?\sstyle\s*=\s*\S{0,30}/gi)].map(([whole]) => `style attribute: ${whole.slice(0, 80)}`);
}
