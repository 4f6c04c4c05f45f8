import assert from "assert";
import { loadPage, pageAssets, pageFile, POLICY } from "./page_files.ts";

const ask = (path: string, init: RequestInit = {}) =>
  pageFile(path, new Request(`http://localhost${path}`, init), loadPage);

Deno.test("the page is one script, one sheet, one picture, and names nobody else", async () => {
  const assets = await pageAssets();
  assert.deepEqual(assets.map(({ path }) => path).sort(), [
    "icon.svg",
    "index.html",
    "page.css",
    "page.js",
  ]);
  const decoder = new TextDecoder();
  for (const { path, bytes } of assets) {
    const text = decoder.decode(bytes).replaceAll("http://www.w3.org/2000/svg", "");
    assert.doesNotMatch(text, /https?:\/\//, path);
    assert.doesNotMatch(text, /\beval\(|new Function|innerHTML/, path);
  }
});

Deno.test("files come with their policy, once, and not as anything else", async () => {
  const page = (await ask("/"))!;
  assert.equal(page.headers.get("content-security-policy"), POLICY);
  assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(await page.text(), /<html lang="en">/);
  const etag = page.headers.get("etag")!;
  const again = (await ask("/", { headers: { "if-none-match": etag } }))!;
  assert.deepEqual([again.status, await again.text()], [304, ""]);
  const head = (await ask("/page.js", { method: "HEAD" }))!;
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  for (const path of ["/main.ts", "/page.js/", "/../router.ts", "/deno.json"]) {
    assert.equal(await ask(path), undefined, path);
  }
  assert.equal(await ask("/", { method: "POST" }), undefined);
});
