// The last words of a whale that finds itself in mid-air.
export function greet(stranger) {
  return `goodbye ${stranger}`;
}
