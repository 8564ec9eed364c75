package dev.banos.mem.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.state.Action;
import net.jqwik.api.state.ActionChain;
import net.jqwik.api.state.Transformer;

/** Trees of budgets against a model that keeps what each has of its own, and adds up. */
class BudgetPropertiesTest {
    private static final long PAGE = Kernel.PAGE_BYTES;

    /** A budget and what the model knows of it; {@code parent} is an index, -1 for the root. */
    private static final class Node {
        final Budget budget;
        final int parent;
        final long limit;
        final long mark;
        long own;
        long peak;
        boolean reached;
        int calls;
        int expectedCalls;

        Node(List<Node> tree, int parent, long limit, long mark) {
            this.parent = parent;
            this.limit = limit;
            this.mark = mark;
            this.budget = new Budget("node " + tree.size(), parent < 0 ? null : tree.get(parent).budget, limit, mark, _ -> calls++);
        }
    }

    /** What a node is made of; the parent is {@code above} modulo the nodes there are. */
    private record Shape(int above, long limit, long mark) {
    }

    @Property(tries = 300)
    void everyBudgetIsTheSumOfItsPartsAndNeverAboveItsLimit(@ForAll("chains") ActionChain<List<Node>> chain) {
        chain.withInvariant(BudgetPropertiesTest::check).run();
    }

    @Provide
    Arbitrary<ActionChain<List<Node>>> chains() {
        return shapes().list().ofMinSize(1).ofMaxSize(6).flatMap(shapes -> ActionChain.startWith(() -> tree(shapes))
                .withAction(3, step(BudgetPropertiesTest::reserve))
                .withAction(2, step(BudgetPropertiesTest::release))
                .withMaxTransformations(60));
    }

    private static Arbitrary<Shape> shapes() {
        Arbitrary<Long> pages = Arbitraries.longs().between(1, 40).map(count -> count * PAGE);
        Arbitrary<Long> bound = Arbitraries.frequencyOf(Tuple.of(3, pages),
                Tuple.of(1, Arbitraries.just(Budget.UNLIMITED)));
        return Combinators.combine(Arbitraries.integers().between(0, 5), bound, pages).as(Shape::new);
    }

    private static List<Node> tree(List<Shape> shapes) {
        List<Node> tree = new ArrayList<>();
        for (Shape shape : shapes) {
            tree.add(new Node(tree, tree.isEmpty() ? -1 : shape.above % tree.size(), shape.limit, shape.mark));
        }
        return tree;
    }

    private interface Step {
        void apply(List<Node> tree, int node, long bytes);
    }

    private static Action.Independent<List<Node>> step(Step step) {
        return () -> Combinators.combine(Arbitraries.integers().between(0, 5), Arbitraries.longs().between(0, 20))
                .as((node, pages) -> Transformer.mutate("node " + node + ", " + pages + " pages",
                        tree -> step.apply(tree, node % tree.size(), pages * PAGE)));
    }

    private static void reserve(List<Node> tree, int index, long bytes) {
        boolean fits = true;
        for (int i = index; i >= 0; i = tree.get(i).parent) {
            fits &= bytes <= tree.get(i).limit - used(tree, i);
        }
        assertThat(tree.get(index).budget.reserve(bytes)).isEqualTo(fits);
        if (!fits) {
            return;
        }
        tree.get(index).own += bytes;
        boolean due = false;
        for (int i = index; i >= 0; i = tree.get(i).parent) {
            Node node = tree.get(i);
            node.peak = Math.max(node.peak, used(tree, i));
            boolean crosses = !node.reached && used(tree, i) >= node.mark;
            node.reached |= crosses;
            node.expectedCalls += crosses ? 1 : 0;
            due |= crosses;
        }
        assertThat(tree.get(index).budget.isCallDue()).isEqualTo(due);
        tree.get(index).budget.callBack();
    }

    private static void release(List<Node> tree, int index, long bytes) {
        Node from = tree.get(index);
        long released = Math.min(bytes, from.own);
        from.own -= released;
        from.budget.release(released);
        for (int i = index; i >= 0; i = tree.get(i).parent) {
            tree.get(i).reached &= used(tree, i) >= tree.get(i).mark;
        }
    }

    private static long used(List<Node> tree, int index) {
        long used = tree.get(index).own;
        for (int i = index + 1; i < tree.size(); i++) {
            used += tree.get(i).parent == index ? used(tree, i) : 0;
        }
        return used;
    }

    private static void check(List<Node> tree) {
        for (int i = 0; i < tree.size(); i++) {
            Node node = tree.get(i);
            Budget.Figures now = node.budget.figures();
            assertThat(now.usedBytes()).isEqualTo(used(tree, i)).isLessThanOrEqualTo(node.limit);
            assertThat(now.peakBytes()).isEqualTo(node.peak);
            assertThat(node.calls).as("calls of " + now.heap()).isEqualTo(node.expectedCalls);
        }
    }
}
