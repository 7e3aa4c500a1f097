module github.com/prizegen/prizegen/bench

go 1.26.0

replace github.com/prizegen/prizegen => ../

require (
	github.com/brianvoe/gofakeit/v7 v7.18.1
	github.com/prizegen/prizegen v0.0.0-00010101000000-000000000000
)

require (
	github.com/goccy/go-yaml v1.19.2 // indirect
	golang.org/x/sync v0.24.0 // indirect
	gonum.org/v1/gonum v0.17.0 // indirect
)
