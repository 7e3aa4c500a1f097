package site

import (
	"maps"
	"slices"
)

// AdminPatterns are the routes that only the administrator may ask for.
func AdminPatterns() []string { return slices.Sorted(maps.Keys((&Site{}).adminRoutes())) }

// VisitorPatterns are the routes that everybody may ask for.
func VisitorPatterns() []string { return slices.Sorted(maps.Keys((&Site{}).visitorRoutes())) }
