/**
 * Takes secrets out of what leaves the cluster. Three nets, each for what the others miss: values that are
 * known to be secret, wherever they stand; what stands behind a name that says so, in variables, flags,
 * JSON, headers and addresses; and forms that only secrets have. Rather too much goes than too little.
 */

/** In the place of a secret. */
export const REMOVED = "[removed]";

/** Shorter values stand in texts by chance. */
const SHORTEST = 6;
/** The same where only the family of a variable says that it may be one: `WANDB_MODE=online`. */
const SHORTEST_OF_FAMILY = 16;

/** Names of variables, flags and fields whose value is a secret. */
const SECRET_NAME =
  /(^|[_\-. ])(auth|token|tokens|secret|secrets|password|passwd|passphrase|pass|pwd|credential|credentials|apikey|api[_-]?key|access[_-]?key|private[_-]?key|signature|cookie|bearer|key)($|[_\-. ])/i;
/** Variables of these are taken out whole, whatever they are called. */
const SECRET_FAMILY =
  /^(HF|HUGGING_?FACE|AWS|AZURE|GOOGLE|GCP|WANDB|OPENAI|ANTHROPIC|GITHUB|GITLAB|SLACK|RAY_AUTH|RAY_REDIS)_/i;
/** Names that look so, and are none: what is seen is what a report is for. */
const HARMLESS =
  /^(token_file|token_id|key_digest|has_token|actor_key|sort_key|tokens_per_second|max_tokens?|num_tokens?|.*_file|.*_path|.*_dir|.*_?(error|exception|warning))$/i;

/** True for a variable, flag or field whose value nobody else is to see. */
export function isSecretName(name: string): boolean {
  const words = name.replace(/^-+/, "").replace(/([a-z])([A-Z])/g, "$1_$2");
  if (HARMLESS.test(words.replaceAll("-", "_"))) return false;
  return SECRET_NAME.test(words) || SECRET_FAMILY.test(words);
}

/** What only secrets look like. */
const FORMS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /^[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
  /\bbeam-join-[0-9a-f]{16}-[\w-]{20,}/g,
  /\bhf_[A-Za-z0-9]{16,}/g,
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{16,}/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g,
  /\bgithub_pat_\w{20,}/g,
  /\bglpat-[\w-]{16,}/g,
  /\bxox[abprs]-[\w-]{10,}/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bAIza[\w-]{30,}/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
];

/** Bounded, as everything here that repeats: a log may hold megabytes without a blank. */
const NAME = "[A-Za-z][\\w.-]{0,80}";
/** A value: in quotes, or up to a blank or a mark that ends one. */
const VALUE = `"(?:[^"\\\\\\n]|\\\\.)*"|'(?:[^'\\\\\\n]|\\\\.)*'|[^\\s"',;)}\\]]+`;
/** `NAME=value`, `name: value`, `"name": "value"`; also with the quotes escaped, as in JSON in JSON. */
const ASSIGNED = new RegExp(
  `(?<![\\w.-])(\\\\{0,4}["']?)(-{0,2}${NAME})(\\1\\s*[=:]\\s*)(\\\\"[^"\\n]*?\\\\"|${VALUE})`,
  "g",
);
/** `--api-key value`, also as two texts of a list. */
const FLAG = new RegExp(`(--${NAME})(["']?,?\\s+)(${VALUE})`, "g");
const BEARER = /\b(bearer|basic)\s{1,8}[\w.~+/=-]{6,}/gi;
const IN_ADDRESS = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@"']{1,256}@/gi;

/** See the top of this file. */
export class Redactor {
  #known = new Set<string>();

  /** @param values secrets that are known, such as the cluster's token */
  constructor(values: Iterable<string> = []) {
    for (const value of values) this.know(value);
  }

  /** Takes a value for a secret; short ones are left, they stand in texts by chance. */
  know(value: string): void {
    const bare = value.trim();
    if (bare.length < SHORTEST) return;
    this.#known.add(bare);
  }

  /** Every variable of an environment whose name says that it is secret. */
  knowEnvironment(env: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(env)) {
      const isFile = value.startsWith("/");
      const isPlain = /^(true|false|\d{1,8})$/i.test(value);
      const least = SECRET_NAME.test(name) ? SHORTEST : SHORTEST_OF_FAMILY;
      if (isSecretName(name) && !isFile && !isPlain && value.length >= least) this.know(value);
    }
  }

  /** Known values that are left in a text: there must be none. */
  leftIn(text: string): number {
    return [...this.#known].filter((value) => text.includes(value)).length;
  }

  /** The text without secrets. */
  text(text: string): string {
    let clean = text;
    // The longest first: one may be a part of another.
    for (const value of [...this.#known].sort((a, b) => b.length - a.length)) {
      clean = clean.replaceAll(value, REMOVED);
    }
    for (const form of FORMS) clean = clean.replace(form, REMOVED);
    return clean
      .replace(IN_ADDRESS, `$1${REMOVED}@`)
      .replace(BEARER, `$1 ${REMOVED}`)
      .replace(
        ASSIGNED,
        (all, open, name, between, value) =>
          isSecretName(name) && !isPlain(value) ? `${open}${name}${between}${masked(value)}` : all,
      )
      .replace(
        FLAG,
        (all, name, between, value) =>
          isSecretName(name) && !value.startsWith("-") ? `${name}${between}${masked(value)}` : all,
      );
  }

  /**
   * A value for JSON without secrets. Fields whose names say so go whole, and so do the values of
   * `env_vars`, whatever they are called.
   */
  value(value: unknown, name = ""): unknown {
    if (typeof value === "string") {
      return isSecretName(name) && value !== "" ? REMOVED : this.text(value);
    }
    if (Array.isArray(value)) {
      // `["--api-key", "value"]`
      return value.map((one, at) => {
        const before: unknown = value[at - 1];
        const flag = typeof before === "string" && /^--?[a-z]/i.test(before) &&
          isSecretName(before);
        return flag && typeof one === "string" ? REMOVED : this.value(one, name);
      });
    }
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        this.text(key),
        name === "env_vars" || name === "env" ? this.#variable(key, one) : this.value(one, key),
      ]),
    );
  }

  #variable(name: string, value: unknown): unknown {
    return isHarmlessVariable(name) ? this.value(value, name) : REMOVED;
  }
}

/** Variables that reports are about. */
function isHarmlessVariable(name: string): boolean {
  return !isSecretName(name) &&
    /^(BEAM|RAY|NCCL|RCCL|GLOO|UCX|CUDA|HIP|ROCR|NVIDIA|VLLM|TORCH|PYTORCH|PYTHON|LD|OMP|PATH|XDG)(_|$|[A-Z])/
      .test(name);
}

/** Quotes stay, so that what was JSON is JSON. */
function masked(value: string): string {
  const quote = /^(\\?["'])[\s\S]*\1$/.exec(value)?.[1] ?? "";
  return `${quote}${REMOVED}${quote}`;
}

/** Not worth hiding, and often in a sentence: `key: 3`, `token=None`. */
function isPlain(value: string): boolean {
  return value.startsWith(REMOVED) ||
    /^(-?\d{1,6}(\.\d+)?|true|false|null|none|undefined|\[|\{|\()$/i.test(
      value.replace(/^["']|["']$/g, ""),
    );
}
