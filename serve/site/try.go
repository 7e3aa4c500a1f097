package site

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/prizegen/prizegen/pkg/draw"
	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
	"github.com/prizegen/prizegen/pkg/prize"
	"github.com/prizegen/prizegen/pkg/textgen"
	"github.com/prizegen/prizegen/serve/ratelimit"
)

// tryPage shows a free-play account number with its chances and, after the play, its prize.
type tryPage struct {
	Draw    draw.Draw
	Chances []chance
	Played  bool
	Command string // command line that repeats the draw
}

// showFreePlay shows a new account number and its chances.
func (s *Site) showFreePlay(w http.ResponseWriter, r *http.Request) error {
	if err := s.cfg.Limits.Allow(ratelimit.Draws, ratelimit.AddrOf(r)); err != nil {
		return err
	}
	seed, err := s.cfg.Free.Fresh(r.Context())
	if err != nil {
		return err
	}
	page, err := s.newTryPage(r.Context(), seed)
	if err != nil {
		return err
	}
	return s.pages.show(w, r, http.StatusOK, "try", "Free play", page)
}

// playFree redirects to the result for the account number that was shown.
func (s *Site) playFree(w http.ResponseWriter, r *http.Request) error {
	seed, err := entropy.ParseSeed(r.PostFormValue("seed"))
	if err != nil {
		return errors.Join(errForm, err)
	}
	http.Redirect(w, r, "/try/"+url.PathEscape(string(seed)), http.StatusSeeOther)
	return nil
}

// showFreeResult shows the draw that a seed determines. It stores nothing.
func (s *Site) showFreeResult(w http.ResponseWriter, r *http.Request) error {
	seed, err := entropy.ParseSeed(r.PathValue("seed"))
	if err != nil {
		return errNoPage
	}
	if err := s.cfg.Limits.Allow(ratelimit.Draws, ratelimit.AddrOf(r)); err != nil {
		return err
	}
	page, err := s.newTryPage(r.Context(), seed)
	if err != nil {
		return err
	}
	page.Played = true
	title := "No prize this time"
	if page.Draw.Prize != nil {
		title = "You would have won " + page.Draw.Prize.Name
	}
	w.Header().Set("X-Robots-Tag", "noindex")
	return s.pages.show(w, r, http.StatusOK, "try", title, page)
}

// newTryPage returns the page for the first draw of a seed.
func (s *Site) newTryPage(ctx context.Context, seed entropy.Seed) (page tryPage, err error) {
	text, number, rules, err := s.cfg.Free.Deployed(ctx)
	if err != nil {
		return page, err
	}
	spec := draw.Spec{Seed: seed, Count: 1, Text: text, Number: number, Rules: rules}
	err = draw.Run(ctx, s.cfg.Free, spec, nil, func(b *draw.Batch) error {
		page.Draw = b.Draw(0)
		return nil
	})
	if err != nil {
		return page, err
	}
	page.Chances = chances(draw.NewAccountOdds(rules, page.Draw.Whole, rules.AccountOdds(page.Draw.Whole)))
	page.Command = drawCommand(&page.Draw)
	return page, nil
}

// drawCommand returns a command line that repeats a draw.
func drawCommand(d *draw.Draw) string {
	line := "prizegen draw --seed " + shellQuote(d.Seed)
	for _, flag := range []struct{ name, value, fallback string }{
		{"text", d.TextFormat, textgen.Default}, {"number", d.NumberFormat, numgen.Default}, {"rules", d.Rules, prize.Default},
	} {
		if flag.value != flag.fallback {
			line += " --" + flag.name + " " + shellQuote(flag.value)
		}
	}
	return line
}

// shellQuote quotes text as one word for a POSIX shell, so that commands can be copied
// safely from a page.
func shellQuote(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:", r)
	}
	if text != "" && !strings.HasPrefix(text, "-") && !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
