package site

import (
	"maps"
	"slices"
)

// AdminPatterns returns the patterns of the routes that need a login.
func AdminPatterns() []string { return slices.Sorted(maps.Keys((&admin{}).routes())) }

// VisitorPatterns returns the patterns of the routes for everybody.
func VisitorPatterns() []string { return slices.Sorted(maps.Keys((&Site{}).visitorRoutes())) }
