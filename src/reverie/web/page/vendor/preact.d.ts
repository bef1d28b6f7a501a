// The part of preact that the page uses, told to the type checker.
export type Child = object | string | number | boolean | null | undefined | Child[];
export type Component<P = any> = (props: P & { children?: any }) => any;
export function h(type: any, props: any, ...children: any[]): any;
export function render(what: any, where: Element): void;
export const Fragment: Component;
export function createPortal(what: any, where: Element): any;
