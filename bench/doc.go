// Package bench compares prizegen with programs that do the same work using other
// libraries. It is a separate module, so that prizegen does not depend on these libraries.
// The program in report measures everything in one run; see README.md.
package bench
