import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.classic.Dataset;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.arrow.ArrowConverters;
import scala.jdk.javaapi.CollectionConverters;

/** Turns rows into batches of Arrow, as PySpark's toPandas does, and these into rows again, as its createDataFrame does. */
final class SparkArrowJob {
    private static final long ROWS = 50_000;

    public static void main(String[] args) {
        try (SparkSession spark = (SparkSession) SparkSession.builder().appName("arrow").master("local[2]")
                .config("spark.ui.enabled", "false").config("spark.sql.warehouse.dir", args[0]).getOrCreate()) {
            Dataset<Row> rows = spark.range(0, ROWS, 1, 2).selectExpr("id", "cast(id as string) as text");
            List<byte[]> batches = rows.toArrowBatchRdd().toJavaRDD().collect();
            Row answer = ArrowConverters.toDataFrame(CollectionConverters.asScala(batches.iterator()), rows.schema().json(), spark)
                    .selectExpr("count(*)", "sum(id)", "sum(cast(text as long))").first();
            boolean right = answer.getLong(0) == ROWS && answer.getLong(1) == ROWS * (ROWS - 1) / 2
                    && answer.getLong(2) == ROWS * (ROWS - 1) / 2;
            System.out.println((right ? "right" : "wrong") + " answer " + answer + " from " + batches.size() + " batches");
        }
    }
}
