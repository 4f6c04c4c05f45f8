/** Which view an address means. The part behind `#` never leaves the browser. */
import { actorView } from "./actor_view.ts";
import { doctorView } from "./doctor_view.ts";
import { groupView } from "./group_view.ts";
import { jobView } from "./job_view.ts";
import {
  actorsView,
  eventsView,
  groupsView,
  jobsView,
  nodesView,
  objectsView,
  tasksView,
} from "./list_views.ts";
import { logsView } from "./logs_view.ts";
import { nodeView } from "./node_view.ts";
import { overview } from "./overview.ts";
import type { Context, View } from "./view.ts";

/** A list in the menu. */
export interface Place {
  name: string;
  title: string;
  /** Behind `g`. */
  key: string;
  list(context: Context): View;
  one?(context: Context, id: string): View;
}

/** The menu, in order. */
export const PLACES: readonly Place[] = [
  { name: "", title: "Overview", key: "o", list: overview },
  { name: "nodes", title: "Nodes", key: "n", list: nodesView, one: nodeView },
  { name: "actors", title: "Actors", key: "a", list: actorsView, one: actorView },
  { name: "groups", title: "Groups", key: "p", list: groupsView, one: groupView },
  { name: "jobs", title: "Jobs", key: "j", list: jobsView, one: jobView },
  { name: "tasks", title: "Tasks", key: "t", list: tasksView },
  { name: "objects", title: "Objects", key: "b", list: objectsView },
  { name: "logs", title: "Logs", key: "l", list: logsView },
  { name: "doctor", title: "Doctor", key: "d", list: doctorView },
  { name: "events", title: "Events", key: "e", list: eventsView },
];

/** What an address says. */
export interface Route {
  place: Place;
  id: string | undefined;
  query: URLSearchParams;
}

/** Reads `#/actors/ab12?q=x`; the first view for what names none. */
export function routeOf(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [name = "", id] = path.split("/");
  const place = PLACES.find((one) => one.name === name) ?? PLACES[0]!;
  return {
    place,
    id: id && place.one ? decoded(id) : undefined,
    query: new URLSearchParams(query),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
