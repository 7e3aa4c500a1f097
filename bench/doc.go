// Package bench compares prizegen with the same work done with other libraries. It is a
// separate module, so that prizegen does not depend on these libraries. The program in
// report measures everything in one run; see README.md.
package bench
