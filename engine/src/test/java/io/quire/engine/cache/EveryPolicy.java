package io.quire.engine.cache;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.AnnotationConsumer;
import org.junit.jupiter.params.support.ParameterDeclarations;

import io.quire.engine.write.WritePolicies;

/** Runs a parameterised test under every write policy: the first argument is its name. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ArgumentsSource(EveryPolicy.Provider.class)
@interface EveryPolicy {
    /** Further arguments, separated by commas; each line runs under every policy. */
    String[] with() default "";

    /** Whether policies for the laboratory take part: not where the rule that they break is the subject. */
    boolean laboratory() default true;

    /** Pairs policies with arguments. */
    final class Provider implements ArgumentsProvider, AnnotationConsumer<EveryPolicy> {
        private EveryPolicy test;

        @Override
        public void accept(final EveryPolicy annotation) {
            test = annotation;
        }

        @Override
        public Stream<Arguments> provideArguments(final ParameterDeclarations parameters, final ExtensionContext context) {
            return WritePolicies.all().stream().filter(policy -> test.laboratory() || !policy.isLaboratory())
                .flatMap(policy -> Stream.of(test.with()).map(line -> {
                    final List<Object> arguments = new ArrayList<>(List.of(policy.name()));
                    if (!line.isEmpty()) {
                        arguments.addAll(List.of(line.split(", *")));
                    }
                    return Arguments.of(arguments.toArray());
                }));
        }
    }
}
