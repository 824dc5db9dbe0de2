/** The version of the package, put in by the bundler. */
declare const MCPP_VERSION: string;
