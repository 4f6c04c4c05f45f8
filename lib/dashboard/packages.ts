/** `/api/packages/gcs/{name}`: packages of runtime environments, brought by `ray job submit`. */
import { isPackageName, PACKAGE_LIMIT } from "../runtime/packages.ts";
import { Trouble } from "../runtime/errors.ts";
import { textAnswer } from "./answers.ts";
import { boundedBody } from "./body.ts";
import type { DashboardHost } from "./dashboard_host.ts";
import { HttpFailure } from "./http_failure.ts";

/** How long an upload may take, in milliseconds. */
const UPLOAD_MS = 10 * 60_000;

/** `GET`: 200 where the package is there. */
export function findPackage({ packages }: DashboardHost, name: string): Response {
  if (packages.has(checked(name))) return textAnswer("");
  throw new HttpFailure(404, `Package gcs://${name} does not exist`);
}

/** `PUT`: the package is the body. */
export async function takePackage(
  { packages }: DashboardHost,
  name: string,
  request: Request,
): Promise<Response> {
  const most = packages.limits.one ?? PACKAGE_LIMIT;
  try {
    await packages.put(checked(name), boundedBody(request, { most, ms: UPLOAD_MS }));
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    throw new HttpFailure(error.code === "too_large" ? 413 : 400, error.message, { cause: error });
  }
  return textAnswer("");
}

function checked(name: string): string {
  if (isPackageName(name)) return name;
  throw new HttpFailure(400, `Cannot use the package name ${JSON.stringify(name).slice(0, 80)}.`);
}
