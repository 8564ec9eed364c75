package dev.banos.adapter.netty;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.Heap;
import dev.banos.mem.HeapOptions;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real server on event loops, with plain sockets as the other side. */
@Timeout(60)
class EchoServerTest {
    private static final int MESSAGE_BYTES = 3_000_000;
    private static final int CLIENTS = 4;

    @Test
    void everyByteComesBackAndEveryBlockGoesBack() throws Exception {
        try (Heap heap = Heap.create(HeapOptions.shared().named("server").limit(256L << 20))) {
            echoAll(new BanosByteBufAllocator(heap));
            assertThat(heap.statistics().liveBlocks()).isZero();
            assertThat(heap.budget().peakBytes()).as("the server read into our blocks").isPositive();
        }
    }

    @Test
    void theSameOnMalloc() throws Exception {
        echoAll(BanosByteBufAllocator.DEFAULT);
    }

    private static void echoAll(BanosByteBufAllocator allocator) throws Exception {
        ConcurrentLinkedQueue<String> classes = new ConcurrentLinkedQueue<>();
        MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
        try {
            Channel server = new ServerBootstrap().group(loops).channel(NioServerSocketChannel.class)
                    .childOption(ChannelOption.ALLOCATOR, allocator)
                    .childHandler(new Echoes(classes))
                    .bind(InetAddress.getLoopbackAddress(), 0).sync().channel();
            int port = ((InetSocketAddress) server.localAddress()).getPort();
            Thread[] clients = new Thread[CLIENTS];
            ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
            for (int i = 0; i < CLIENTS; i++) {
                int seed = i;
                clients[i] = Thread.ofPlatform().uncaughtExceptionHandler((_, failure) -> failures.add(failure))
                        .start(() -> client(port, seed));
            }
            for (Thread client : clients) {
                client.join();
            }
            assertThat(failures).isEmpty();
            server.close().sync();
        } finally {
            loops.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        }
        assertThat(classes).isNotEmpty().containsOnly("BlockByteBuf");
    }

    private static void client(int port, int seed) {
        byte[] message = new byte[MESSAGE_BYTES];
        new SplittableRandom(seed).nextBytes(message);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            Thread writer = Thread.ofPlatform().start(() -> send(socket, message));
            byte[] answer = socket.getInputStream().readNBytes(MESSAGE_BYTES);
            writer.join();
            assertThat(Arrays.equals(answer, message)).as("echo of client %d", seed).isTrue();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void send(Socket socket, byte[] message) {
        try {
            OutputStream out = socket.getOutputStream();
            for (int at = 0; at < message.length; at += 10_007) {
                out.write(message, at, Math.min(10_007, message.length - at));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Answers each piece that it reads with the same buffer. */
    private static final class Echoes extends ChannelInitializer<Channel> {
        private final ConcurrentLinkedQueue<String> classes;

        Echoes(ConcurrentLinkedQueue<String> classes) {
            this.classes = classes;
        }

        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline().addLast(new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object message) {
                    ByteBuf buffer = (ByteBuf) message;
                    classes.add((buffer.unwrap() == null ? buffer : buffer.unwrap()).getClass().getSimpleName());
                    context.writeAndFlush(message);
                }

                @Override
                public void channelReadComplete(ChannelHandlerContext context) {
                    context.flush();
                }
            });
        }
    }
}
