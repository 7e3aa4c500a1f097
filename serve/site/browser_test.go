package site_test

var theBrowser struct{ end func() }
