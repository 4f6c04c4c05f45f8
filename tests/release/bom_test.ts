/** The bill of materials: the official schema takes it, and it lists what is there. */
import assert from "assert";
import { VERSION } from "../../lib/runtime/version.ts";
import { ARCH, must, PYTHON, released } from "./_release.ts";

const VALIDATE = `
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
for name in sys.argv[1:]:
    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(name).read())
    if found is not None:
        sys.exit(f"{name}: {str(found)[:300]}")
`;

interface Bom {
  metadata: { component: { hashes: { content: string }[] } };
  components: { name: string; version?: string; "bom-ref": string; purl: string }[];
}

Deno.test("the bills of materials are valid and list npm, Python, Deno and Debian", async () => {
  const files = [
    released(`beam-${VERSION}-linux-${ARCH}.cdx.json`)!,
    released(`beam-${VERSION}-oci-linux-${ARCH}.cdx.json`),
  ].filter((file) => file !== undefined);
  const env = { PYTHONPATH: Deno.env.get("BEAM_RELEASE_PACKAGES")! };
  await must([PYTHON, "-c", VALIDATE, ...files], { env });
  // The validator can say no.
  const broken = await Deno.makeTempFile();
  await Deno.writeTextFile(broken, Deno.readTextFileSync(files[0]!).replace('"library"', '"book"'));
  await assert.rejects(must([PYTHON, "-c", VALIDATE, broken], { env }), /book/);
  await Deno.remove(broken);

  for (const file of files) {
    const bom = JSON.parse(Deno.readTextFileSync(file)) as Bom;
    const purls = bom.components.map(({ purl }) => purl);
    assert.ok(purls.some((purl) => /^pkg:npm\/%40msgpack\/msgpack@3/.test(purl)), file);
    assert.ok(purls.some((purl) => /^pkg:pypi\/cloudpickle@3/.test(purl)), file);
    assert.ok(purls.includes(`pkg:github/denoland/deno@v${Deno.version.deno}`), file);
    assert.equal(
      purls.some((purl) => purl.startsWith("pkg:deb/debian/libc6@")),
      file.includes("oci"),
    );
    const refs = bom.components.map((component) => component["bom-ref"]);
    assert.equal(new Set(refs).size, refs.length);
  }
  const { metadata } = JSON.parse(Deno.readTextFileSync(files[0]!)) as Bom;
  const [digest] = (await must(["sha256sum", released(`beam-linux-${ARCH}`)!])).split(" ");
  assert.equal(metadata.component.hashes[0]!.content, digest);
});
