import static org.apache.spark.sql.functions.expr;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Groups, sorts and sums numbers: rounds of a job whose answer is known. */
final class SparkJob {
    private static final long ROWS = 1_000_000;
    private static final long GROUPS = 100_003;

    /** Arguments: how many rounds; what comes after them, of the form key=value, is Spark's configuration. */
    public static void main(String[] args) throws Exception {
        SparkSession.Builder builder = SparkSession.builder().appName("groups");
        for (int i = 1; i < args.length; i++) {
            builder.config(args[i].substring(0, args[i].indexOf('=')), args[i].substring(args[i].indexOf('=') + 1));
        }
        try (SparkSession spark = builder.getOrCreate()) {
            for (int round = 0; round < Integer.parseInt(args[0]); round++) {
                long begin = System.nanoTime();
                Row answer = spark.range(0, ROWS, 1, 4).selectExpr("id % " + GROUPS + " as k", "id as v").groupBy("k")
                        .agg(expr("sum(v) as s"), expr("count(*) as c")).orderBy("s").selectExpr("sum(s)", "count(*)", "sum(c)").first();
                boolean right = answer.getLong(0) == ROWS * (ROWS - 1) / 2 && answer.getLong(1) == GROUPS && answer.getLong(2) == ROWS;
                System.out.println((right ? "right" : "wrong") + " answer " + answer + " in ms: " + (System.nanoTime() - begin) / 1_000_000);
            }
        }
    }
}
