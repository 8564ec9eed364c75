package dev.banos.mem;

import dev.banos.mem.insight.Described;
import java.util.Arrays;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanInfo;
import javax.management.MBeanOperationInfo;
import javax.management.StandardMBean;

/** A bean whose interface says, by {@link Described}, what a console shows: JMX itself has no place for it. */
final class DescribedBean extends StandardMBean {
    <T> DescribedBean(T implementation, Class<T> type) {
        super(implementation, type, true);
    }

    @Override
    protected String getDescription(MBeanInfo bean) {
        Described described = getMBeanInterface().getAnnotation(Described.class);
        return described == null ? super.getDescription(bean) : described.value();
    }

    @Override
    protected String getDescription(MBeanAttributeInfo attribute) {
        return described("get" + attribute.getName(), super.getDescription(attribute));
    }

    @Override
    protected String getDescription(MBeanOperationInfo operation) {
        return described(operation.getName(), super.getDescription(operation));
    }

    /** What returns something is asked for that, and changes nothing. */
    @Override
    protected int getImpact(MBeanOperationInfo operation) {
        return operation.getReturnType().equals(void.class.getName()) ? MBeanOperationInfo.ACTION : MBeanOperationInfo.INFO;
    }

    private String described(String method, String otherwise) {
        return Arrays.stream(getMBeanInterface().getMethods())
                .filter(candidate -> candidate.getName().equals(method) && candidate.isAnnotationPresent(Described.class))
                .map(candidate -> candidate.getAnnotation(Described.class).value()).findFirst().orElse(otherwise);
    }
}
