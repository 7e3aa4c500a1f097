package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/prizegen/prizegen/cmd/prizegen/settings"
	"github.com/prizegen/prizegen/cmd/prizegen/show"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/excerpt"
	"github.com/prizegen/prizegen/pkg/prize"
)

// verifyOptions are the options of the verify command.
type verifyOptions struct {
	rules     *settings.Value[string]
	online    *settings.Value[bool]
	published published
	proofs    entropyFlags
	output    *settings.Value[string]
}

func newVerifyCmd(a *app) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify FILE | -",
		Short: "Recompute draws and report wrong ones",
		Long: `Recompute every draw in a file written by prizegen draw or prizegen prize with -o json or
-o ndjson, or in a campaign export. Report each wrong draw with its correct outcome. The
exit status is 1 if any draw is wrong.

The report shows the seed, the rules and the formats of the draws, and lists missing and
repeated indexes. A file cannot prove that its seed is the promised one or that it
contains all draws. To check this, set --commitment and --draws to the published values.

A seed from drand or RANDOM.ORG comes with a proof, which is checked offline with the
public key of the source. With --online, prizegen also asks the source.

For a campaign export, prizegen also checks the commitment, the stock, the skipped
indexes, and that no index is missing or repeated.

To verify draws with rules that are not built in, specify the same rules file with
--rules. Each draw contains the SHA-256 of its rules.`,
		Example: `  prizegen draw -n 1000 -o ndjson >draws.ndjson
  prizegen verify draws.ndjson
  prizegen verify --rules summer.yaml - <draws.json
  prizegen verify --commitment c0ffee…42 --draws 1200 summer.json`,
		Args: oneArg("file", "specify the file to verify, or - for standard input"),
	}
	o.rules = settings.DefineAs[string](a.table, cmd, "rules", "rules", "YAML `file` with the rules, if they are not built in")
	cmd.Flags().Lookup("rules").DefValue = "" // by default, the draws name their rules
	o.online = settings.Define[bool](a.table, cmd, "online")
	o.published = newPublishedFlags(cmd)
	o.proofs = newProofFlags(a, cmd)
	o.output = settings.DefineOutput(a.table, cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return runVerify(cmd.Context(), a, args[0], o) }
	return cmd
}

// published contains the flags for published values. The file itself cannot prove these
// values, because its author can choose another seed or leave out the last draws.
type published struct {
	commitment *settings.Value[string]
	draws      *settings.Value[uint64]
}

func newPublishedFlags(cmd *cobra.Command) published {
	return published{
		commitment: settings.AddFlag(cmd, settings.NewOptional("hex", parseCommitment), "commitment", "compare the SHA-256 of the seed with this published value"),
		draws:      settings.AddFlag(cmd, settings.NewOptional("count", parseDraws), "draws", "compare the number of draws with this published number"),
	}
}

func parseCommitment(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	if sum, err := hex.DecodeString(text); err != nil || len(sum) != sha256.Size {
		return "", errors.New("must be a SHA-256 hash of 64 hex digits")
	}
	return strings.ToLower(text), nil
}

func parseDraws(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errors.New("must be a whole number")
	}
	return n, nil
}

// compareCampaign compares the export of a campaign with the published values. An open
// campaign may have more draws by now.
func (p published) compareCampaign(r *campaign.Report) (found []draw.Finding) {
	c := &r.Campaign
	if want := p.commitment.Get(); want != "" && want != c.Commitment {
		found = append(found, draw.Finding{Place: "campaign", Problem: fmt.Sprintf("the commitment is %q, but the published one is %q", excerpt.Of(c.Commitment), want), Draws: 1})
	}
	return append(found, p.compareCount(r.Draws, c.State != campaign.Closed)...)
}

// compareDraws compares draws with the published values.
func (p published) compareDraws(r *draw.Report) (found []draw.Finding) {
	if want := p.commitment.Get(); want != "" {
		for _, seed := range r.Seeds.First {
			if got := entropy.Seed(seed.Name).Commitment(); got != want {
				problem := fmt.Sprintf("the commitment to seed %s is %s, but the published one is %s", readable(seed.Name), got, want)
				found = append(found, draw.Finding{Place: "seed", Problem: problem, Draws: seed.Draws})
			}
		}
	}
	return append(found, p.compareCount(r.Draws, false)...)
}

// compareCount compares a number of draws with the published number. More draws are
// allowed if orMore is true.
func (p published) compareCount(got uint64, orMore bool) []draw.Finding {
	want := p.draws.Get()
	if !p.draws.Given() || got == want || orMore && got > want {
		return nil
	}
	problem := fmt.Sprintf("the file contains %s, but the published number is %s", show.Count(got, "draw"), prize.Thousands(want))
	return []draw.Finding{{Place: "end", Problem: problem, Draws: 1}}
}

// runVerify recomputes the draws in a file.
func runVerify(ctx context.Context, a *app, name string, o verifyOptions) error {
	check, err := proofCheck(ctx, a, o.proofs, o.online.Get())
	if err != nil {
		return err
	}
	if name == "-" && o.rules.Get() == "-" {
		return usagef("draws and rules cannot both come from standard input; save one of them to a file")
	}
	rules, err := rulesByName(a, o.rules)
	if err != nil {
		return err
	}
	generator, err := verifier(ctx, a)
	if err != nil {
		return err
	}
	file, err := open(ctx, a, name)
	if err != nil {
		return err
	}
	defer file.Close()
	findings := &findingWriter{a: a, json: o.output.Get() == "json"}
	source := bufio.NewReaderSize(file, 64<<10)
	if head, _ := source.Peek(100); campaign.IsExport(head) {
		return verifyCampaign(ctx, a, generator, name, source, o.published, findings)
	}
	progress := startProgress(a, 0, "draw")
	defer progress.stop()
	report, err := draw.Verify(ctx, generator, source, draw.VerifyOptions{
		Rules: rules, Proof: check, Progress: progress.add, Found: findings.write,
	})
	progress.stop()
	if err != nil {
		err = fmt.Errorf("%s: %w", sourceName(name), withoutPath(err))
	} else if err = findings.compare(o.published.compareDraws(&report)); report.Held < report.Draws {
		err = fmt.Errorf("%s of %s failed verification", prize.Thousands(report.Draws-report.Held), show.Count(report.Draws, "draw"))
	}
	summary := origins(report)
	if err == nil {
		summary = heldText(report) + summary
	}
	if writeErr := findings.end(report, summary); writeErr != nil {
		return writeErr
	}
	if report.Draws > 0 {
		for _, doubt := range doubts(report) {
			a.note("note: %s", doubt)
		}
	}
	return err
}

// verifyCampaign recomputes the export of a campaign.
func verifyCampaign(ctx context.Context, a *app, generator draw.Generator, name string, source io.Reader, p published, findings *findingWriter) error {
	progress := startProgress(a, 0, "draw")
	defer progress.stop()
	report, err := campaign.Verify(ctx, generator, source, progress.add, findings.write)
	progress.stop()
	if err != nil {
		err = fmt.Errorf("%s: %w", sourceName(name), withoutPath(err))
	} else if err = findings.compare(p.compareCampaign(&report)); report.Wrong > 0 {
		err = fmt.Errorf("campaign %s failed verification: %s", report.Campaign.Name, show.Count(report.Wrong, "finding"))
	}
	summary := ""
	if err == nil {
		summary = campaignHolds(&report)
	}
	if writeErr := findings.end(report, summary); writeErr != nil {
		return writeErr
	}
	if err == nil && !report.SeedKnown {
		a.say("prizegen: warning: the seed has not been revealed yet, so the outcomes were not checked")
	}
	return err
}

// rulesByName returns a function that finds rules by name. It searches the rules of
// --rules and the built-in rules.
func rulesByName(a *app, file *settings.Value[string]) (func(name string) (*prize.Rules, error), error) {
	var given *prize.Rules
	if file.Given() && file.Get() != "" {
		var err error
		if given, err = loadRules(a, file.Get()); err != nil {
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
			return nil, fmt.Errorf("the draws use rules %q, but --rules contains rules %q", excerpt.Of(name), given.Name)
		}
		return nil, fmt.Errorf("rules %q are not built in; specify their file with --rules", excerpt.Of(name))
	}, nil
}
