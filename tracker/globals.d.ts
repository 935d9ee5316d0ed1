/** What the build and the page put there. */
declare const VERSION: string;
interface Window {
  sojourn?: any;
}
