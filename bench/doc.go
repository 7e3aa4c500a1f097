// Package bench compares prizegen with the same work done with other libraries. It is a
// module of its own, so that prizegen does not depend on them. The program in report
// measures everything in one run; see README.md.
package bench
