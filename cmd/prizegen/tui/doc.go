// Package tui is the interactive program: prizegen in a terminal, with which a draw
// can be held in front of people.
//
// [Run] shows it until the user quits. What it works with comes in a [Config]: the
// functions that the commands call, so that the screens show what the commands
// print. The frame, the model of Bubble Tea, holds the screens, one a tab, and what
// they share: the settings, one dialog, an error or a note in the last lines, and
// the help. A screen is a value with an Update function; whatever takes time is a
// command whose answer comes back as a message.
package tui
