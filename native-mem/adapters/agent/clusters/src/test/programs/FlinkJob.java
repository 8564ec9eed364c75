import org.apache.flink.api.common.RuntimeExecutionMode;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** Sorts numbers by key in managed memory and sums them, in Flink's mini cluster: a job whose answer is known. */
final class FlinkJob {
    private static final long ROWS = 500_000;
    private static final long GROUPS = 1_009;

    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment flink = StreamExecutionEnvironment.createLocalEnvironment(2);
        flink.setRuntimeMode(RuntimeExecutionMode.BATCH);
        long sum = 0;
        long groups = 0;
        try (var results = flink.fromSequence(0, ROWS - 1).map(i -> Tuple2.of(i % GROUPS, i))
                .returns(Types.TUPLE(Types.LONG, Types.LONG)).keyBy(row -> row.f0)
                .reduce((a, b) -> Tuple2.of(a.f0, a.f1 + b.f1)).executeAndCollect()) {
            while (results.hasNext()) {
                sum += results.next().f1;
                groups++;
            }
        }
        boolean right = sum == ROWS * (ROWS - 1) / 2 && groups == GROUPS;
        System.out.println((right ? "right" : "wrong") + " answer " + sum + " in " + groups + " groups");
    }
}
