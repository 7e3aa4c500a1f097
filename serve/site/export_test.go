package site

import (
	"maps"
	"slices"
)

// AdminPatterns returns the patterns of the routes that require a login.
func AdminPatterns() []string { return slices.Sorted(maps.Keys((&admin{}).routes())) }

// VisitorPatterns returns the patterns of the routes that everybody may use.
func VisitorPatterns() []string { return slices.Sorted(maps.Keys((&Site{}).visitorRoutes())) }
