package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/prize"
)

func newVerifyCmd(a *app) *cobra.Command {
	var rules string
	var online bool
	cmd := &cobra.Command{
		Use:   "verify FILE | -",
		Short: "Recompute draws and name those that do not hold",
		Long: `Verify recomputes every draw of a file that prizegen draw or prizegen prize wrote
with -o json or -o ndjson, or of the export of a campaign. It names each draw that does not hold with what it
should have been, and exits with status 1 if there is one.

It tells whose draws they are: their seed, rules and formats, and which indexes
are missing or repeated. Whether the seed is the one that was promised no file can
tell, nor whether it was cut off: give the commitment that was published, and the
number of draws, with --commitment and --draws.

A seed from drand or RANDOM.ORG carries a proof, which is checked too: without a
network by the public key, and with --online by asking again.

The export of a campaign is checked as a whole: its commitment, that no index is
missing or there twice, what was skipped and why, and the stock.

Draws by rules that are not built in need --rules with the same rules file: its
SHA-256 is part of each draw.`,
		Example: `  prizegen draw -n 1000 -o ndjson >draws.ndjson
  prizegen verify draws.ndjson
  prizegen verify --rules summer.yaml - <draws.json
  prizegen verify --commitment c0ffee…42 --draws 1200 summer.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return hintError{fmt.Errorf("%d files were given, expected one", len(args)), "give the file to verify, or - for standard input"}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&rules, "rules", "", "the YAML `file` of rules that are not built in")
	cmd.Flags().BoolVar(&online, "online", false, "ask drand or RANDOM.ORG again about seeds from there")
	promise := newPromised(cmd)
	proofs := newProofFlags(cmd)
	output := newOutput(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := promise.understand(cmd); err != nil {
			return err
		}
		check, err := a.proofCheck(cmd.Context(), proofs, online)
		if err != nil {
			return err
		}
		return a.verify(cmd.Context(), args[0], rules, check, promise, output.value)
	}
	return cmd
}

func (a *app) verify(ctx context.Context, name, rulesFile string, check draw.ProofCheck, promise *promised, format string) error {
	if name == "-" && rulesFile == "-" {
		return usagef("draws and rules can't both come from standard input; save one of them in a file")
	}
	rules, err := a.rulesByName(rulesFile)
	if err != nil {
		return err
	}
	file, err := a.open(ctx, name)
	if err != nil {
		return err
	}
	defer file.Close()
	source := bufio.NewReaderSize(file, 64<<10)
	if head, _ := source.Peek(100); campaign.IsExport(head) {
		return a.verifyCampaign(ctx, name, source, promise, format)
	}
	findings := findingWriter{a: a, json: format == "json"}
	progress := a.startProgress(0, "draw")
	defer progress.stop()
	report, err := draw.Verify(ctx, a.generator, source, draw.VerifyOptions{
		Rules: rules, Proof: check, Progress: progress.add, Found: findings.write,
	})
	progress.stop()
	if err != nil {
		err = fmt.Errorf("%s: %w", sourceName(name), bare(err))
	} else if err = findings.compare(promise.ofDraws(&report)); report.Held < report.Draws {
		err = fmt.Errorf("%s of %s not hold", prize.Thousands(report.Draws-report.Held), doDoes(report.Draws))
	}
	if writeErr := findings.finish(report, err == nil); writeErr != nil {
		return writeErr
	}
	if report.Draws > 0 {
		a.doubts(report)
	}
	return err
}

// verifyCampaign recomputes the export of a campaign.
func (a *app) verifyCampaign(ctx context.Context, name string, source io.Reader, promise *promised, format string) error {
	findings := findingWriter{a: a, json: format == "json"}
	progress := a.startProgress(0, "draw")
	defer progress.stop()
	report, err := campaign.Verify(ctx, a.generator, source, progress.add, findings.write)
	progress.stop()
	if err != nil {
		err = fmt.Errorf("%s: %w", sourceName(name), bare(err))
	} else if err = findings.compare(promise.ofCampaign(&report)); report.Wrong > 0 {
		err = fmt.Errorf("the campaign %s does not hold: %s", report.Campaign.Name, show.Count(report.Wrong, "finding"))
	}
	summary := ""
	if err == nil {
		summary = campaignReport(&report)
	}
	if writeErr := findings.end(report, summary); writeErr != nil {
		return writeErr
	}
	if err == nil && !report.SeedKnown {
		a.say("prizegen: warning: the seed is not revealed yet, so that what chance gave was not checked")
	}
	return err
}

// open opens a file, - being standard input.
func (a *app) open(ctx context.Context, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.stdin(ctx)), nil
	}
	file, err := openFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, bare(err))
	}
	return file, nil
}

// clip keeps a giant text out of a message.
func clip(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// rulesByName finds the rules that draws name: those of a file, or built-in ones.
func (a *app) rulesByName(file string) (func(name string) (*prize.Rules, error), error) {
	var given *prize.Rules
	if file != "" {
		var err error
		if given, err = a.loadRules(file); err != nil {
			return nil, err
		}
	}
	return func(name string) (*prize.Rules, error) {
		if given != nil && given.Name == name {
			return given, nil
		}
		rules, err := prize.Builtin(name)
		switch {
		case err == nil:
			return rules, nil
		case given != nil:
			return nil, fmt.Errorf("the draws are by the rules %q, the file given with --rules has the rules %q", clip(name), given.Name)
		}
		return nil, fmt.Errorf("rules %q are not built in; give their file with --rules", clip(name))
	}, nil
}
