// Times stable-diffusion.cpp: `sdcpp_speed FOLDER unet|vae SIDE THREADS COUNT`.
//
// FOLDER holds Stable Diffusion 1.5 in the layout of diffusers, SIDE is that of the latents. It stops before each of
// COUNT steps (of the U-Net without guidance, or of the decoder) until a line comes in, and prints the milliseconds of
// processor time that the step took in all threads, so that a script can take turns between this program and another.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stable-diffusion.h"

static bool wants_unet;
static int steps;
static double started = -1;

static double processor_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

// Ends a step, if one is under way, and waits for the word to begin another.
static void turn(void) {
    if (started >= 0) {
        printf("%.2f\n", processor_time() - started);
        fflush(stdout);
    }
    char line[16];
    if (fgets(line, sizeof line, stdin) == NULL) {
        exit(0);
    }
    started = processor_time();
}

static void progress(int step, int total, float seconds, void *data) {
    (void)seconds;
    (void)data;
    // Loading tells its progress by the same way.
    if (wants_unet && total == steps && (step == 0 || started >= 0)) {
        turn();
    }
}

static void said(enum sd_log_level_t level, const char *text, void *data) {
    (void)data;
    if (!wants_unet && (strstr(text, "decoding ") != NULL || strstr(text, " decoded, taking") != NULL)) {
        turn();
    }
    // That there is no second text encoder is no fault of this family.
    if (level == SD_LOG_ERROR && strstr(text, "text_encoder_2") == NULL) {
        fputs(text, stderr);
    }
}

int main(int count, char **arguments) {
    if (count != 6) {
        fputs("usage: sdcpp_speed FOLDER unet|vae SIDE THREADS COUNT\n", stderr);
        return 2;
    }
    wants_unet = strcmp(arguments[2], "unet") == 0;
    int repeats = atoi(arguments[5]);
    sd_set_log_callback(said, NULL);
    sd_set_progress_callback(progress, NULL);

    sd_ctx_params_t model;
    sd_ctx_params_init(&model);
    model.model_path = arguments[1];
    model.n_threads = atoi(arguments[4]);
    // Its fastest way with attention; weights stay as they are stored.
    model.flash_attn = getenv("SDCPP_PLAIN_ATTENTION") == NULL;
    sd_ctx_t *context = new_sd_ctx(&model);
    if (context == NULL) {
        fputs("stable-diffusion.cpp could not load the model\n", stderr);
        return 1;
    }
    sd_img_gen_params_t order;
    sd_img_gen_params_init(&order);
    steps = wants_unet ? repeats : 1;
    order.prompt = "a fox";
    order.negative_prompt = "";
    order.width = order.height = 8 * atoi(arguments[3]);
    order.sample_params.sample_method = EULER_SAMPLE_METHOD;
    order.sample_params.sample_steps = steps;
    order.sample_params.guidance.txt_cfg = 1.0f;
    order.seed = 1;
    order.batch_count = wants_unet ? 1 : repeats;
    sd_image_t *pictures = generate_image(context, &order);
    return pictures == NULL ? 1 : 0;
}
