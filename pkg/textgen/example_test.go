package textgen_test

import (
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/textgen"
)

func ExampleParse() {
	format, err := textgen.Parse(textgen.Default)
	if err != nil {
		fmt.Println(err)
		return
	}
	texts := format.Append(nil, entropy.Seed("42").Range(entropy.Text, 0, 3))
	for ; len(texts) > 0; texts = texts[format.Len():] {
		fmt.Printf("%s\n", texts[:format.Len()])
	}
	// Output:
	// fucb
	// cujg
	// iyom
}

func ExampleParse_invalid() {
	_, err := textgen.Parse("lowercase")
	fmt.Println(err)
	// Output: unknown format "lowercase" for the text part: the length must be a whole number from 1 to 64, got "case"
}
