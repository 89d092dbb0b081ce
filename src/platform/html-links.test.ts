import { equal, ok, throws } from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Parser } from 'htmlparser2';
import { isPage, LinkRewriter, withPublicLinks } from './html-links.ts';

const toPublic = (link: string) => (link.startsWith('/') ? `/proxy${link}` : link);

/** In pieces of `size` characters. */
function rewrite(html: string, size = html.length): string {
  const rewriter = new LinkRewriter(Parser, toPublic);
  let out = '';
  for (let at = 0; at < html.length; at += size) out += rewriter.write(html.slice(at, at + size));
  return out + rewriter.end();
}

const PAGE = `<!DOCTYPE html>
<html><head><LINK rel=stylesheet HREF=/style.css><script src='/app.js'></script>
<script>const a = "<a href='/not/a/link'>";</script><style>a { background: url(/x) }</style></head>
<body><!-- <a href="/comment"> --><a class="b" href="/login?a=1&amp;b=&quot;2&quot;" title="/title">in</a>
<a href=relative>r</a><a href = "https://example.com/x">e</a><a href=>none</a><a href>none</a><img src="/p.png"/><img src=/q.png>
<form action='/go'></form><p data-x="/p">5 < 6 & \u00e9 <</p></body></html>
`;

const REWRITTEN = PAGE.replace('HREF=/style.css', 'href="/proxy/style.css"')
  .replace("src='/app.js'", 'src="/proxy/app.js"')
  .replace('href="/login', 'href="/proxy/login')
  .replace('src="/p.png"', 'src="/proxy/p.png"')
  .replace('src=/q.png', 'src="/proxy/q.png"')
  .replace("action='/go'", 'action="/proxy/go"');

test('LinkRewriter writes links anew and leaves every other character as it is', () => {
  equal(rewrite(PAGE), REWRITTEN);
});

test('LinkRewriter does so wherever the page is cut', () => {
  for (let size = 1; size < 60; size++) equal(rewrite(PAGE, size), REWRITTEN, `in pieces of ${size}`);
});

test('LinkRewriter passes a page on as it comes, and does not keep a tag without an end', () => {
  const rewriter = new LinkRewriter(Parser, toPublic);
  equal(rewriter.write('<p>one</p> two '), '<p>one</p> two ');
  equal(rewriter.write('<a title="'), '<a ');
  throws(() => rewriter.write('x'.repeat(2 * 1024 * 1024)), /a tag without an end/);
});

function newPage(body: Uint8Array, headers: Record<string, string>): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  Object.assign(message.headers, headers);
  message.push(body);
  message.push(null);
  return message;
}

test('withPublicLinks unpacks, and keeps bytes of other character sets', async () => {
  const body = Buffer.concat([
    Buffer.from('<a href="/x">'),
    Buffer.from([0xe9, 0xff, 0x80]),
    Buffer.from('</a>'),
  ]);
  const page = newPage(gzipSync(body), {
    'content-type': 'text/html; charset=koi8-r',
    'content-encoding': 'gzip',
  });
  ok(isPage(page.headers));
  const chunks: Uint8Array[] = [];
  for await (const chunk of withPublicLinks(page, toPublic)) chunks.push(chunk);
  equal(Buffer.concat(chunks).toString('latin1'), body.toString('latin1').replace('/x', '/proxy/x'));
});

test('isPage is what is HTML and can be read', () => {
  equal(isPage({ 'content-type': 'text/html' }), true);
  equal(isPage({ 'content-type': 'text/htmlx' }), false);
  equal(isPage({ 'content-type': 'application/json' }), false);
  equal(isPage({ 'content-type': 'text/html', 'content-encoding': 'br' }), false);
});
