package sealed_test

import (
	"fmt"
	"time"

	"github.com/prizegen/prizegen/pkg/sealed"
)

func Example() {
	file, _ := sealed.NewFile(time.Now())
	keys, err := sealed.Parse(string(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	summer := sealed.Cell{Table: "campaigns", Column: "secret", Row: "summer"}
	text := keys.Seal(summer, "the seed")
	fmt.Println(sealed.IsSealed(text), sealed.KeyID(text) == keys.ID())
	value, err := keys.Open(summer, text)
	fmt.Println(value, err)
	_, err = keys.Open(sealed.Cell{Table: "campaigns", Column: "secret", Row: "autumn"}, text)
	fmt.Println(err)
	// Output:
	// true true
	// the seed <nil>
	// campaigns.secret of "autumn": damaged sealed value: it was changed, or was sealed for another row
}
