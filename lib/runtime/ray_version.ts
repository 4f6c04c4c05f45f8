/** The version that the Python package and `ray --version` report as Ray's, everywhere. */
export const RAY_VERSION = "2.55.1";
