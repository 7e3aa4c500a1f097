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
)

// tryView is free play: an account number and its chances, and what it won once it
// was played.
type tryView struct {
	Draw    draw.Draw
	Chances []chance
	Played  bool
	Command string // that makes the same draw again
}

// tryFresh shows a new account number and its chances.
func (s *Site) tryFresh(w http.ResponseWriter, r *http.Request) error {
	seed, _, err := s.cfg.Free.Fresh(r.Context())
	if err != nil {
		return err
	}
	v, err := s.try(r.Context(), seed)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "try", "Free play", v)
}

// tryPlay leads to the draw of the account number that was shown.
func (s *Site) tryPlay(w http.ResponseWriter, r *http.Request) error {
	seed, err := entropy.ParseSeed(r.PostFormValue("seed"))
	if err != nil {
		return errors.Join(errForm, err)
	}
	http.Redirect(w, r, "/try/"+url.PathEscape(string(seed)), http.StatusSeeOther)
	return nil
}

// tryShow shows the draw that a seed has decided. Nothing is stored, so that nothing
// changes by looking.
func (s *Site) tryShow(w http.ResponseWriter, r *http.Request) error {
	seed, err := entropy.ParseSeed(r.PathValue("seed"))
	if err != nil {
		return errNoPage
	}
	v, err := s.try(r.Context(), seed)
	if err != nil {
		return err
	}
	v.Played = true
	title := "No prize this time"
	if v.Draw.Prize != nil {
		title = "You would have won " + v.Draw.Prize.Name
	}
	w.Header().Set("X-Robots-Tag", "noindex")
	return s.show(w, r, http.StatusOK, "try", title, v)
}

// try makes the first draw of a seed.
func (s *Site) try(ctx context.Context, seed entropy.Seed) (v tryView, err error) {
	text, number, rules, err := s.cfg.Free.Deployed(ctx)
	if err != nil {
		return v, err
	}
	spec := draw.Spec{Seed: seed, Count: 1, Text: text, Number: number, Rules: rules}
	err = draw.Run(ctx, s.cfg.Free, spec, nil, func(b *draw.Batch) error {
		v.Draw = b.Draw(0)
		return nil
	})
	if err != nil {
		return v, err
	}
	v.Chances = chances(draw.NewAccountOdds(rules, v.Draw.Whole, rules.AccountOdds(v.Draw.Whole)))
	v.Command = command(&v.Draw)
	return v, nil
}

// command is the command line that makes a draw again.
func command(d *draw.Draw) string {
	line := "prizegen draw --seed " + quoted(d.Seed)
	for _, flag := range []struct{ name, value, left string }{
		{"text", d.TextFormat, textgen.Default}, {"number", d.NumberFormat, numgen.Default}, {"rules", d.Rules, prize.Default},
	} {
		if flag.value != flag.left {
			line += " --" + flag.name + " " + quoted(flag.value)
		}
	}
	return line
}

// quoted is a text as a shell takes it: who copies a command from a page runs that
// one and no other.
func quoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.:", r)
	}
	if text != "" && !strings.HasPrefix(text, "-") && !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
