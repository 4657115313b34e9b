//! Which processes are worth telling of: the first by each measure, without a change at every breath.

use std::cmp::Ordering;

/// So many are told of by each measure.
const TOP: usize = 10;
/// What processes are ranked by: CPU time, resident memory, I/O.
pub const MEASURES: usize = 3;
/// Below these (percent, pages, bytes per second) nobody is worth telling of.
const LEAST: [f64; MEASURES] = [0.1, 1.0, 1024.0];
/// One that is told of already stays until another has so many times as much, or until it has had next to nothing for a
/// few passes: the set must not change because of every breath.
const ADVANTAGE: f64 = 1.5;
const FADING: f64 = 0.25;

/// How a process stands by each measure.
#[derive(Clone, Copy, Default)]
pub struct Standing {
    /// What it has now; NaN where that is not known.
    pub values: [f64; MEASURES],
    /// What it was chosen for last; 0 where it was not.
    scores: [f64; MEASURES],
}

impl Standing {
    pub fn is_chosen(&self) -> bool {
        self.scores.iter().any(|score| *score > 0.0)
    }
}

/// Chooses; keeps its memory from time to time.
#[derive(Default)]
pub struct Choice {
    ranking: Vec<(f64, usize)>,
}

impl Choice {
    /// Replaces the last choice, as far as `all` were there, by another.
    pub fn choose<T>(&mut self, all: &mut [T], standing: fn(&mut T) -> &mut Standing) {
        for (measure, least) in LEAST.iter().enumerate() {
            self.ranking.clear();
            for (index, one) in all.iter_mut().enumerate() {
                let Standing { values, scores } = standing(one);
                let earlier = scores[measure];
                // `max` passes over what is not known.
                let score = values[measure].max(earlier * FADING);
                scores[measure] = 0.0;
                if score >= *least {
                    let weight = if earlier > 0.0 { ADVANTAGE } else { 1.0 };
                    self.ranking.push((score * weight, index));
                    scores[measure] = score;
                }
            }
            if self.ranking.len() > TOP {
                let (_, _, others) = self.ranking.select_nth_unstable_by(TOP - 1, by_rank);
                for (_, index) in others {
                    standing(&mut all[*index]).scores[measure] = 0.0;
                }
            }
        }
    }
}

/// Most first; among equals the one that stands first.
fn by_rank((a, a_index): &(f64, usize), (b, b_index): &(f64, usize)) -> Ordering {
    b.total_cmp(a).then(a_index.cmp(b_index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Who is chosen by CPU alone.
    fn chosen(choice: &mut Choice, all: &mut [Standing], cpu: &[f64]) -> Vec<usize> {
        for (standing, cpu) in all.iter_mut().zip(cpu) {
            standing.values = [*cpu, f64::NAN, 0.0];
        }
        choice.choose(all, |standing| standing);
        (0..all.len()).filter(|index| all[*index].is_chosen()).collect()
    }

    #[test]
    fn the_first_ten_are_chosen_and_nobody_for_nothing() {
        let (mut choice, mut all) = (Choice::default(), [Standing::default(); 12]);
        let rising: Vec<f64> = (0..12).map(f64::from).collect();
        assert_eq!(chosen(&mut choice, &mut all, &rising), (2..12).collect::<Vec<_>>());
        let (mut choice, mut all) = (Choice::default(), [Standing::default(); 12]);
        assert_eq!(chosen(&mut choice, &mut all, &[0.0, f64::NAN, 0.05, 3.0]), [3]);
    }

    #[test]
    fn one_stays_until_another_has_clearly_more_or_it_rests_for_long() {
        let (mut choice, mut all) = (Choice::default(), [Standing::default(); 11]);
        let mut cpu = [10.0; 11];
        cpu[10] = 9.0;
        assert!(!chosen(&mut choice, &mut all, &cpu).contains(&10));
        cpu[10] = 14.0;
        assert!(!chosen(&mut choice, &mut all, &cpu).contains(&10));
        cpu[10] = 16.0;
        assert!(chosen(&mut choice, &mut all, &cpu).contains(&10));

        let (mut choice, mut all) = (Choice::default(), [Standing::default(); 1]);
        let stays: Vec<bool> =
            [8.0, 0.0, 0.0, 0.0, 0.0].iter().map(|cpu| !chosen(&mut choice, &mut all, &[*cpu]).is_empty()).collect();
        assert_eq!(stays, [true, true, true, true, false]);
    }

    proptest! {
        #[test]
        fn never_more_than_ten_and_never_one_far_behind_another(
            rounds in proptest::collection::vec(proptest::collection::vec(0.0..1000.0_f64, 30), 1..5)
        ) {
            let (mut choice, mut all) = (Choice::default(), [Standing::default(); 30]);
            let mut chosen_last = Vec::new();
            for cpu in &rounds {
                chosen_last = chosen(&mut choice, &mut all, cpu);
                prop_assert!(chosen_last.len() <= TOP);
            }
            let last = &rounds[rounds.len() - 1];
            let most = (0..30).max_by(|a, b| last[*a].total_cmp(&last[*b])).unwrap();
            // Nothing from before can count for more than this.
            if last[most] > 1000.0 * FADING * ADVANTAGE {
                let better = last.iter().filter(|cpu| **cpu * ADVANTAGE >= last[most]).count();
                prop_assert!(better > TOP || chosen_last.contains(&most));
            }
        }
    }
}
