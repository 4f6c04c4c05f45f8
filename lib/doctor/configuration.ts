/** What is said of a configuration file that cannot be used; the command line has read it (`lib/cli/doctor.ts`). */
import { type CheckText, type Finding, finding } from "./check.ts";

export const CONFIGURATION: CheckText = {
  code: "BD047",
  name: "configuration",
  severity: "error",
  tells: "the configuration file cannot be read, or has a setting that is none",
  explain:
    "The file is that of --config, else of BEAM_CONFIG, else ~/.config/beam/config.toml, else " +
    "/etc/beam/config.toml. Commands that have settings end with exit code 2 rather than go on without what it " +
    "says; those that only look go on. The doctor looks at the machine as though there were no file. " +
    "`beam validate` checks all of it.",
};

/** @param why what is wrong, with the file and its line @param mend what to do about that */
export function wrongConfiguration(why: string, mend: string): Finding {
  return finding(CONFIGURATION, "error", {
    seen: `${why.replace(/\.$/, "")}.`,
    breaks: "`beam up` and the other commands that have settings end with exit code 2.",
    mend,
  });
}
