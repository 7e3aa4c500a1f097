package draw_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
)

// Run makes draws in batches on all cores and emits them in order.
func ExampleRun() {
	text, _ := textgen.Parse(textgen.Lower4)
	number, _ := numgen.Parse(numgen.Digits4)
	rules, _ := prize.Builtin(prize.Generous)
	spec := draw.Spec{Seed: "42", Start: 9, Count: 2, Text: text, Number: number, Rules: rules}

	encoding := draw.NDJSON(&spec)
	encode := func(b *draw.Batch) error {
		b.Out = encoding.Append(b.Out, b)
		return nil
	}
	emit := func(b *draw.Batch) error {
		_, err := os.Stdout.Write(b.Out)
		return err
	}
	if err := draw.Run(context.Background(), draw.Local{}, spec, encode, emit); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"index":9,"account":"awsn5676","text":"awsn","number":"5676","rule":"starts with A","prize":{"name":"£50.00","value":5000,"currency":"GBP"},"seed":"42","text_format":"lower4","number_format":"digits4","rules":"generous","rules_sha256":"23c090d68b60c48c91b65fc81974d0bd412c6ec119556f0acfb9426ee5202fcf"}
	// {"index":10,"account":"iynp7570","text":"iynp","number":"7570","rule":"starts with another vowel","prize":{"name":"£5.00","value":500,"currency":"GBP"},"seed":"42","text_format":"lower4","number_format":"digits4","rules":"generous","rules_sha256":"23c090d68b60c48c91b65fc81974d0bd412c6ec119556f0acfb9426ee5202fcf"}
}

// Anyone can recompute draws from their seed. Here the prize of the first draw is forged.
func ExampleVerify() {
	text, _ := textgen.Parse(textgen.Lower4)
	number, _ := numgen.Parse(numgen.Digits4)
	rules, _ := prize.Builtin(prize.Generous)
	spec := draw.Spec{Seed: "42", Start: 9, Count: 2, Text: text, Number: number, Rules: rules}
	var file strings.Builder
	encoding := draw.NDJSON(&spec)
	_ = draw.Run(context.Background(), draw.Local{}, spec, func(b *draw.Batch) error {
		file.Write(encoding.Append(nil, b))
		return nil
	}, nil)

	forged := strings.Replace(file.String(), `"£50.00"`, `"£100.00"`, 1)
	report, err := draw.Verify(context.Background(), draw.Local{}, strings.NewReader(forged), draw.VerifyOptions{
		Rules: prize.Builtin,
		Found: func(f draw.Finding) { fmt.Printf("%s: %s\n", f.Place, f.Problem) },
	})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%d of %d draws verified\n", report.Held, report.Draws)
	// Output:
	// line 1: index 9: prize is "£100.00" (value 5000, GBP) but should be "£50.00" (value 5000, GBP)
	// 1 of 2 draws verified
}
