/** The files of deploy/ against the schemas of what reads them. */
import assert from "assert";
import { join } from "node:path";

const HERE = import.meta.dirname!;
const DEPLOY = join(HERE, "..", "..", "deploy");
const RENDERED = join(HERE, "rendered");
const PACKAGES = Deno.env.get("DEPLOY_PACKAGES");
const SCHEMAS = Deno.env.get("DEPLOY_SCHEMAS");
const HELM = Deno.env.get("HELM");

async function checked(...args: string[]): Promise<{ code: number; out: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.env.get("PYTHON") || "python3", {
    args: [join(HERE, "manifests.py"), ...args],
    env: { PYTHONPATH: PACKAGES!, PYTHONDONTWRITEBYTECODE: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, out: (decoder.decode(stdout) + decoder.decode(stderr)).trim() };
}

function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => join(folder, name)).toSorted();
}

/** Each file below a folder by its path there, as `find . -type f | sort` has them. */
function below(folder: string, at = "."): string[] {
  return [...Deno.readDirSync(join(folder, at))].flatMap(({ name, isDirectory }) =>
    isDirectory ? below(folder, `${at}/${name}`) : [`${at}/${name}`]
  ).toSorted();
}

if (PACKAGES === undefined) {
  console.log(
    "not tried: manifests: scripts/test deploy fetches the schemas that they are checked against",
  );
} else {
  const manifests = [...filesIn(join(DEPLOY, "kubernetes")), ...filesIn(RENDERED)];

  Deno.test("Kubernetes takes its manifests, and LeaderWorkerSet and KubeRay theirs", async () => {
    const { code, out } = await checked("kubernetes", SCHEMAS || "-", ...manifests);
    for (const line of out.match(/^not checked: .*$/gm) ?? []) console.log(`not tried: ${line}`);
    assert.equal(code, 0, out);
  });

  Deno.test("the check finds what is wrong", async () => {
    const dir = await Deno.makeTempDir();
    try {
      const text = await Deno.readTextFile(join(DEPLOY, "kubernetes", "statefulset.yaml"));
      const wrong = join(dir, "wrong.yaml");
      await Deno.writeTextFile(wrong, text.replace("replicas: 2", "replicas: two"));
      assert.match((await checked("kubernetes", "-", wrong)).out, /StatefulSet beam: .*two/);
      await Deno.writeTextFile(wrong, text.replace("volumeMounts:", "volumeMonts:"));
      assert.match((await checked("kubernetes", "-", wrong)).out, /volumeMonts/);
      if (SCHEMAS) {
        for (
          const [file, name] of [["raycluster", "headGroupSpec"], [
            "leaderworkerset",
            "restartPolicy",
          ]]
        ) {
          const custom = await Deno.readTextFile(join(DEPLOY, "kubernetes", `${file}.yaml`));
          await Deno.writeTextFile(wrong, custom.replace(name!, "misspelt"));
          assert.match((await checked("kubernetes", SCHEMAS, wrong)).out, /misspelt|headGroupSpec/);
        }
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });

  Deno.test("what was rendered is of this chart: scripts/chart renews it", async () => {
    const chart = join(DEPLOY, "helm", "beam");
    const parts = below(chart).flatMap((
      path,
    ) => [`${path}\n`, Deno.readTextFileSync(join(chart, path))]);
    const bytes = new TextEncoder().encode(parts.join(""));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
    for (const file of filesIn(RENDERED)) {
      assert.equal(Deno.readTextFileSync(file).split("\n")[0], `# chart ${digest}`, file);
    }
  });

  Deno.test("a token is nowhere in them", () => {
    for (const file of manifests) assert.doesNotMatch(Deno.readTextFileSync(file), /BEAM_TOKEN\b/);
  });

  if (HELM) {
    Deno.test("Helm renders the same, and refuses values of another sort", async () => {
      const dir = await Deno.makeTempDir();
      try {
        const script = join(HERE, "..", "..", "scripts", "chart");
        const { success, stderr } = await new Deno.Command(script, { args: [dir] }).output();
        assert.ok(success, new TextDecoder().decode(stderr));
        for (const file of filesIn(RENDERED)) {
          assert.equal(
            Deno.readTextFileSync(join(dir, file.split("/").at(-1)!)),
            Deno.readTextFileSync(file),
          );
        }
        for (
          const [flag, words] of [
            ["nodes=none", /nodes/],
            ["modle=x", /modle/],
            ["replicas=2", /one cluster: set replicas to 1/],
            ["tls=true", /needs token\.existingSecret/],
          ] as const
        ) {
          const args = ["template", "x", join(DEPLOY, "helm", "beam"), "--kube-version", "1.33.0"];
          const refused = await new Deno.Command(HELM, { args: [...args, "--set", flag] }).output();
          assert.equal(refused.success, false, flag);
          assert.match(new TextDecoder().decode(refused.stderr), words);
        }
      } finally {
        await Deno.remove(dir, { recursive: true });
      }
    });
  } else console.log("not tried: rendering the chart: there is no Helm (scripts/deploy_tools)");

  if (SCHEMAS) {
    Deno.test("Compose takes its files", async () => {
      const files = ["compose.yaml", "compose.rocm.yaml"].map((name) =>
        join(DEPLOY, "compose", name)
      );
      for (const some of [files.slice(0, 1), files]) {
        const { code, out } = await checked("compose", join(SCHEMAS, "compose.json"), ...some);
        assert.equal(code, 0, out);
      }
    });
  } else {console.log(
      "not tried: LeaderWorkerSet, KubeRay and Compose: their schemas come with Go's module proxy",
    );}
}
